//! Layers that training needs, forward and backward, on batches.
