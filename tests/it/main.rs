//! One test binary: it links once.

mod outbound;
mod pages;
//! One test binary, linked once.
mod docs;
