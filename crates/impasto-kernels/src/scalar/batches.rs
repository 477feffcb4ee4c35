//! Convolutions of batches and their gradients in plain loops over planes `[N, C, H, W]`.

use crate::batch_convolution::Border;

/// One convolution of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchConvolution {
    /// Pictures N.
    pub pictures: usize,
    /// Channels read.
    pub inputs: usize,
    /// Channels written.
    pub outputs: usize,
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// What happens at the border.
    pub border: Border,
}

impl BatchConvolution {
    /// Rows and columns of the output.
    pub fn output_size(&self) -> (usize, usize) {
        (self.border.output(self.height), self.border.output(self.width))
    }

    /// Elements of the input.
    pub fn input_elements(&self) -> usize {
        self.pictures * self.inputs * self.height * self.width
    }

    /// Elements of the output.
    pub fn output_elements(&self) -> usize {
        let (height, width) = self.output_size();
        self.pictures * self.outputs * height * width
    }

    /// Calls `visit` with the elements of output, input and weight of every product.
    fn for_each_product(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (out_height, out_width) = self.output_size();
        let border = isize::from(self.border == Border::Zero);
        let place = |at: usize, tap: usize, length: usize| {
            let from = (at + tap) as isize - border;
            (from >= 0 && (from as usize) < length).then_some(from as usize)
        };
        for picture in 0..self.pictures {
            for output in 0..self.outputs {
                for (y, x) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
                    let to = ((picture * self.outputs + output) * out_height + y) * out_width + x;
                    for input in 0..self.inputs {
                        for tap in 0..9 {
                            let from = (place(y, tap / 3, self.height), place(x, tap % 3, self.width));
                            let (Some(row), Some(column)) = from else { continue };
                            let plane = picture * self.inputs + input;
                            let from = (plane * self.height + row) * self.width + column;
                            visit(to, from, (output * self.inputs + input) * 9 + tap);
                        }
                    }
                }
            }
        }
    }

    /// The output `[N, outputs, H', W']` for an input `[N, inputs, H, W]`.
    pub fn forward(&self, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let (height, width) = self.output_size();
        let mut output: Vec<f64> = (0..self.output_elements())
            .map(|index| f64::from(bias[index / (height * width) % self.outputs]))
            .collect();
        self.for_each_product(|to, from, kernel| {
            output[to] += f64::from(input[from]) * f64::from(weight[kernel]);
        });
        output.into_iter().map(|value| value as f32).collect()
    }

    /// The gradient by the input of a gradient by the output.
    pub fn input_gradient(&self, gradient: &[f32], weight: &[f32]) -> Vec<f32> {
        let mut input = vec![0.0f64; self.input_elements()];
        self.for_each_product(|to, from, kernel| {
            input[from] += f64::from(gradient[to]) * f64::from(weight[kernel]);
        });
        input.into_iter().map(|value| value as f32).collect()
    }

    /// The gradients by weight and bias of a gradient by the output.
    pub fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut weight, mut bias) =
            (vec![0.0f64; self.outputs * self.inputs * 9], vec![0.0f64; self.outputs]);
        self.for_each_product(|to, from, kernel| {
            weight[kernel] += f64::from(gradient[to]) * f64::from(input[from]);
        });
        let (height, width) = self.output_size();
        for (index, &value) in gradient.iter().enumerate() {
            bias[index / (height * width) % self.outputs] += f64::from(value);
        }
        let rounded = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        (rounded(weight), rounded(bias))
    }
}
