//! The kernels: which file of `kernels/` each is, and how its text is put together.

/// A kernel. Its file of the same name says what it computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kernel {
    AddSource,
    ColumnNorms,
    ColumnSums,
    CoverPatches,
    FirstConvolution,
    FirstGradient,
    FoldBorder,
    Gram,
    GramSum,
    LinearGradient,
    MapGradient,
    MatchPatches,
    NormalizeColumns,
    PoolL2,
    Resample,
    ResampleGradient,
    ResampledProducts,
    Squares,
    StepProducts,
    StepSum,
    UnpoolL2,
    WinogradGradient,
    WinogradInput,
    WinogradOutput,
    WinogradProduct,
    WinogradWeights,
}

/// Joins the files of `kernels/` with these names.
macro_rules! text {
    ($($name:literal),+) => { concat!($(include_str!(concat!("kernels/", $name, ".wgsl")), "\n"),+) };
}

impl Kernel {
    /// All kernels, in the order of their numbers.
    pub(crate) const ALL: [Kernel; 26] = [
        Kernel::AddSource,
        Kernel::ColumnNorms,
        Kernel::ColumnSums,
        Kernel::CoverPatches,
        Kernel::FirstConvolution,
        Kernel::FirstGradient,
        Kernel::FoldBorder,
        Kernel::Gram,
        Kernel::GramSum,
        Kernel::LinearGradient,
        Kernel::MapGradient,
        Kernel::MatchPatches,
        Kernel::NormalizeColumns,
        Kernel::PoolL2,
        Kernel::Resample,
        Kernel::ResampleGradient,
        Kernel::ResampledProducts,
        Kernel::Squares,
        Kernel::StepProducts,
        Kernel::StepSum,
        Kernel::UnpoolL2,
        Kernel::WinogradGradient,
        Kernel::WinogradInput,
        Kernel::WinogradOutput,
        Kernel::WinogradProduct,
        Kernel::WinogradWeights,
    ];

    /// Its text: its own file after the pieces that it shares with others.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Kernel::AddSource => text!("addressing", "gradient_source", "add_source"),
            Kernel::ColumnNorms => text!("addressing", "column_norms"),
            Kernel::ColumnSums => text!("addressing", "column_sums"),
            Kernel::CoverPatches => text!("addressing", "cover_patches"),
            Kernel::FirstConvolution => text!("addressing", "activation", "first_convolution"),
            Kernel::FirstGradient => {
                text!("addressing", "border_readers", "gradient_source", "first_gradient")
            }
            Kernel::FoldBorder => text!("addressing", "border_readers", "fold_border"),
            Kernel::Gram => text!("tile_product", "put_rows", "gram"),
            Kernel::GramSum => text!("addressing", "gram_sum"),
            Kernel::LinearGradient => text!("tile_product", "put_rows", "matrix_product", "linear_gradient"),
            Kernel::MapGradient => text!("addressing", "map_gradient"),
            Kernel::MatchPatches => text!("tile_product", "match_patches"),
            Kernel::NormalizeColumns => text!("addressing", "normalize_columns"),
            Kernel::PoolL2 => text!("addressing", "pool_l2"),
            Kernel::Resample => text!("addressing", "resample_line", "resample"),
            Kernel::ResampleGradient => text!("addressing", "resample_gradient"),
            Kernel::ResampledProducts => text!("addressing", "resample_line", "resampled_products"),
            Kernel::Squares => text!("addressing", "squares"),
            Kernel::StepProducts => text!("step_products"),
            Kernel::StepSum => text!("addressing", "step_sum"),
            Kernel::UnpoolL2 => text!("addressing", "unpool_l2"),
            Kernel::WinogradGradient => {
                text!("addressing", "winograd", "winograd_products", "winograd_gradient")
            }
            Kernel::WinogradInput => text!("addressing", "winograd", "gradient_source", "winograd_input"),
            Kernel::WinogradOutput => {
                text!("addressing", "activation", "winograd", "winograd_products", "winograd_output")
            }
            Kernel::WinogradProduct => {
                text!("tile_product", "put_rows", "matrix_product", "winograd_product")
            }
            Kernel::WinogradWeights => text!("addressing", "winograd", "winograd_weights"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_places() {
        for (place, kernel) in Kernel::ALL.into_iter().enumerate() {
            assert_eq!(kernel as usize, place, "{kernel:?}");
        }
    }
}
