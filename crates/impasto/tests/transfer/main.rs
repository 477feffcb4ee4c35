//! Whole transfers on small pictures with a small random network: what a caller is promised.

mod bad_input;
mod checkpoints;
mod colors;
mod failing_engine;
mod fit;
mod gradients;
mod guided;
mod own_terms;
mod resume;
mod runs;
mod shared_styles;
mod small;
mod stopping;
mod strength;
mod strokes;
mod tiles;
mod transparency;
