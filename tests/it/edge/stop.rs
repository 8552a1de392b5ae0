//! Stopping: what is in flight is answered, and nothing new comes in.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Edge;
use crate::world::{Certificate, World, encode, read_answer};

/// The head of a request for a token, and its body.
fn request(world: &World) -> (String, String) {
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let body = encode(&[("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)]);
    let head = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    (head, body)
}

/// Until nobody comes in any more: then the order to stop has arrived.
fn closed(address: SocketAddr) {
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
fn a_request_whose_body_is_still_coming_is_answered_before_the_end() {
    let world = World::new();
    let (head, body) = request(&world);
    let (first, rest) = body.split_at(body.len() / 2);
    let mut wire = TcpStream::connect(world.address).unwrap();
    wire.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // RFC 9110 §10.1.1: that it may go on says that the head has been read.
    let head = head.replace("Connection", "Expect: 100-continue\r\nConnection");
    wire.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    wire.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    wire.write_all(first.as_bytes()).unwrap();
    let stopping = world.stop_in_order();
    closed(world.address);
    wire.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).unwrap();
    read_answer(&answer).expect_status(200);
    world.block(stopping);
}

#[test]
fn the_same_over_tls() {
    let certificate = Certificate::of("id.example");
    let edge = Edge::open(&certificate);
    let (head, body) = request(&edge.world);
    let (first, rest) = body.split_at(body.len() / 2);
    let mut wire = edge.client(&certificate).connect(edge.world.address, "id.example").unwrap();
    wire.send(head.replace("Connection", "Expect: 100-continue\r\nConnection").as_bytes());
    assert_eq!(wire.read(25), b"HTTP/1.1 100 Continue\r\n\r\n");
    wire.send(first.as_bytes());
    let stopping = edge.world.stop_in_order();
    closed(edge.world.address);
    wire.send(rest.as_bytes());
    wire.answer().expect_status(200);
    edge.world.block(stopping);
    // Nobody is sent to where nobody is.
    closed(edge.world.redirects_from.unwrap());
}
