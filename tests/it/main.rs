//! One test binary: it links once.

mod pages;
