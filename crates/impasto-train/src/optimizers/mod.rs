//! What turns gradients of weights into steps.
