//! The program: everything is in the library.

/// Ten per cent faster than glibc's, half as much again as musl's (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    writ::cli::run()
}
