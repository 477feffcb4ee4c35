//! The published weights that `impasto weights pull` knows: what they are, where they are, and how to tell
//! that they arrived unharmed.
//!
//! All are of the networks of Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
//! recognition" (2014). The Caffe files are the authors' own; the Keras files hold the same numbers without
//! the fully connected layers; torchvision's were trained anew and read other pictures. MD5 sums of the
//! Keras files are those in Keras' source, those of the Caffe files were published by several who
//! converted them; torchvision puts the first digits of the SHA-256 into the name.

use crate::checksum::Checksum;

/// Weights that were published as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// What it is asked for by: `vgg19`, `vgg19-torch`.
    pub name: &'static str,
    /// The network they are of, a name of [`Architecture::known`](crate::Architecture::known).
    pub network: &'static str,
    /// The file's own name.
    pub file: &'static str,
    /// What it is and how it differs from the others, in a few words.
    pub about: &'static str,
    /// Length of the file.
    pub bytes: u64,
    /// Checksum of the file.
    pub checksum: Checksum,
    /// Where it is, to be tried in this order.
    pub mirrors: &'static [&'static str],
    /// Under which terms, and whose work it is.
    pub terms: &'static str,
}

/// The terms of the original weights, as the authors' page states them, and of what is converted from them.
const OXFORD: &str = "CC BY 4.0, Karen Simonyan and Andrew Zisserman, Visual Geometry Group, Oxford \
                      (https://creativecommons.org/licenses/by/4.0/)";

/// The terms of torchvision's weights.
const TORCHVISION: &str = "BSD 3-Clause, the torchvision authors; architecture by Karen Simonyan and Andrew \
                           Zisserman, CC BY 4.0";

/// Everything that can be pulled. The first two are what `--network` means.
pub const PUBLISHED: [Published; 6] = [
    Published {
        name: "vgg16",
        network: "vgg16",
        file: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        about: "the original weights without the fully connected layers, as Keras keeps them",
        bytes: 58_889_256,
        checksum: Checksum::md5("6d6bbae143d832006294945121d1f1fc"),
        mirrors: &[
            "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/\
             vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/\
             vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ],
        terms: OXFORD,
    },
    Published {
        name: "vgg19",
        network: "vgg19",
        file: "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        about: "the original weights without the fully connected layers, as Keras keeps them",
        bytes: 80_134_624,
        checksum: Checksum::md5("253f8cb515780f3b799900260a226db6"),
        mirrors: &[
            "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/\
             vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "https://github.com/fchollet/deep-learning-models/releases/download/v0.1/\
             vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ],
        terms: OXFORD,
    },
    Published {
        name: "vgg16-torch",
        network: "vgg16",
        file: "vgg16-397923af.pth",
        about: "trained anew by torchvision: paints otherwise than the original",
        bytes: 553_433_881,
        checksum: Checksum::sha256("397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"),
        mirrors: &["https://download.pytorch.org/models/vgg16-397923af.pth"],
        terms: TORCHVISION,
    },
    Published {
        name: "vgg19-torch",
        network: "vgg19",
        file: "vgg19-dcbb9e9d.pth",
        about: "trained anew by torchvision: paints otherwise than the original",
        bytes: 574_673_361,
        checksum: Checksum::sha256("dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"),
        mirrors: &["https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"],
        terms: TORCHVISION,
    },
    Published {
        name: "vgg16-caffe",
        network: "vgg16",
        file: "VGG_ILSVRC_16_layers.caffemodel",
        about: "the authors' own file, with the fully connected layers",
        bytes: 553_432_081,
        checksum: Checksum::md5("441315b0ff6932dbfde97731be7ca852"),
        mirrors: &[
            "https://www.robots.ox.ac.uk/~vgg/software/very_deep/caffe/VGG_ILSVRC_16_layers.caffemodel",
        ],
        terms: OXFORD,
    },
    Published {
        name: "vgg19-caffe",
        network: "vgg19",
        file: "VGG_ILSVRC_19_layers.caffemodel",
        about: "the authors' own file, with the fully connected layers",
        bytes: 574_671_192,
        checksum: Checksum::md5("b5c644beabd7cf06bdd9065cfd674c97"),
        mirrors: &[
            "https://www.robots.ox.ac.uk/~vgg/software/very_deep/caffe/VGG_ILSVRC_19_layers.caffemodel",
        ],
        terms: OXFORD,
    },
];

/// The published weights of this name.
pub fn find(name: &str) -> Option<&'static Published> {
    PUBLISHED.iter().find(|published| published.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn every_entry_can_be_pulled() {
        for published in &PUBLISHED {
            assert_eq!(find(published.name), Some(published));
            assert!(Architecture::known().iter().any(|known| known.name() == published.network));
            for mirror in published.mirrors {
                assert!(mirror.starts_with("https://") && mirror.ends_with(published.file), "{mirror}");
            }
        }
    }
}
