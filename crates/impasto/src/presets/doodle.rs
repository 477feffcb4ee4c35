//! The preset `doodle`: a painting from a map of its parts (Champandard 2016).
//!
//! Patches that are guided by the map hold the brushwork of each part and its borders; Gram matrices, region by
//! region, hold its colours and keep single patches from being stamped over and over. With a content picture,
//! its content is kept as in `impasto`.

use super::texture;
use crate::Settings;

pub(super) fn settings() -> Settings {
    texture::with_patches()
}
