//! The shape of a thread's tiles.

use std::marker::PhantomData;

/// All eight tiles of sixteen rows of 64 bytes, on this thread, until it is dropped.
///
/// Every piece of work loads its own, which takes some hundred cycles, and clears it at its end: a thread that goes on to
/// other work carries no tiles through the system's switches.
pub(crate) struct TileConfiguration {
    /// It belongs to the thread that has loaded it.
    thread: PhantomData<*const ()>,
}

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
struct Palette([u8; 64]);

impl TileConfiguration {
    /// Loads the configuration.
    ///
    /// # Safety
    /// The unit must be [available](super::is_available), and no other configuration be held on this thread.
    pub(crate) unsafe fn load() -> Self {
        let mut palette = Palette([0; 64]);
        // Palette 1; then 16 bits for each tile's bytes in a row, from byte 16 on, and 8 for its rows, from byte 48 on.
        palette.0[0] = 1;
        for tile in 0..8 {
            palette.0[16 + 2 * tile] = 64;
            palette.0[48 + tile] = 16;
        }
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the operand is 64 bytes, and the unit is there.
        unsafe {
            std::arch::asm!("ldtilecfg [{}]", in(reg) &palette, options(nostack, readonly))
        };
        TileConfiguration { thread: PhantomData }
    }
}

impl Drop for TileConfiguration {
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a configuration was loaded, so the unit is there.
        unsafe {
            std::arch::asm!("tilerelease", options(nostack, nomem))
        };
    }
}
