
mod outbound;
