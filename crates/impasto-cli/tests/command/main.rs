//! The program as its users meet it: run in an empty folder on pictures made by the test.

mod bad_input;
mod doodle;
#[cfg(unix)]
mod interrupt;
mod looking;
mod maps;
mod other_commands;
mod scene;
mod texture;
mod transfer;
