//! The console: an administrator with a browser that runs no script, and what is tried against the console's pages.

mod applications;
mod audit;
mod keys;
mod language;
mod lists;
mod machines;
mod overview;
mod people;
mod providers;
mod refusals;
mod resources;
mod settings;
mod snippets;
mod tools;
mod who_comes_in;
