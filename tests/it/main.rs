//! One test binary: it links once.

mod outbound;
mod pages;
