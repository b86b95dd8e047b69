//! Processes that end with their test, and free ports for them.

use std::process::Child;

/// A process that is killed when the test ends, also if the test failed.
pub(crate) struct OwnProcess(pub(crate) Child);

impl Drop for OwnProcess {
    fn drop(&mut self) {
        // If it has ended already, there is nothing to kill.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port of 127.0.0.1 that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
