//! The program as its users meet it: run in an empty folder on pictures made by the test.

mod bad_input;
#[cfg(unix)]
mod interrupt;
mod looking;
mod other_commands;
mod scene;
mod transfer;
