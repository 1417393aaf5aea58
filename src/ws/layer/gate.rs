//! Who may come in before it is known who they are.
//!
//! Limits by address hold only until the sign-in: a school behind one address is not an attack, five hundred
//! sockets that never say who they are may well be one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::refusal::Refusal;

/// How many sockets may be open that have not signed in.
#[derive(Clone, Copy, Debug)]
pub struct GateLimits {
    /// From one address (IPv6: from one /64). More: HTTP 429. A school's whole roster connects within a second.
    pub unknown_per_address_max: usize,
    /// In all. More: HTTP 429. Each may hold one unfinished message.
    pub unknown_max: usize,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self { unknown_per_address_max: 2_048, unknown_max: 8_192 }
    }
}

/// The door of a server, shared by its workers.
#[derive(Debug, Default)]
pub struct Gate {
    limits: GateLimits,
    draining: AtomicBool,
    unknown: Mutex<Unknown>,
}

#[derive(Debug, Default)]
struct Unknown {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of a socket that has not signed in; given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    /// An open door.
    #[must_use]
    pub fn new(limits: GateLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Refuses new sockets from now on (503), or lets them in again. Those inside stay.
    pub fn set_draining(&self, draining: bool) {
        self.draining.store(draining, Ordering::Release);
    }

    /// Whether new sockets are refused.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// How many sockets are open that have not signed in.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.lock().total
    }

    /// Takes a place for a socket.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Ticket, Refusal> {
        let address = network_of(address);
        let mut unknown = self.lock();
        let here = unknown.by_address.get(&address).copied().unwrap_or(0);
        if here >= self.limits.unknown_per_address_max || unknown.total >= self.limits.unknown_max {
            return Err(Refusal::too_many());
        }
        unknown.total += 1;
        unknown.by_address.insert(address, here + 1);
        drop(unknown);
        Ok(Ticket { gate: Arc::clone(self), address })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Unknown> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut unknown = self.gate.lock();
        unknown.total = unknown.total.saturating_sub(1);
        let left = unknown.by_address.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            unknown.by_address.remove(&self.address);
        } else {
            unknown.by_address.insert(self.address, left);
        }
    }
}

/// What counts as one address: an IPv4 address (also when mapped into IPv6), or an IPv6 network of 64 bits.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(per_address: usize, total: usize) -> Arc<Gate> {
        Arc::new(Gate::new(GateLimits { unknown_per_address_max: per_address, unknown_max: total }))
    }

    #[test]
    fn a_place_is_free_again_when_its_ticket_goes() {
        let gate = gate(2, 10);
        let address = IpAddr::from([192, 0, 2, 1]);
        let first = gate.enter(address).expect("room");
        let _second = gate.enter(address).expect("room");
        assert!(gate.enter(address).is_err());
        assert!(gate.enter(IpAddr::from([192, 0, 2, 2])).is_ok());
        drop(first);
        assert!(gate.enter(address).is_ok());
        assert_eq!(gate.unknown(), 1);
    }

    #[test]
    fn the_total_is_bounded_over_all_addresses() {
        let gate = gate(2, 3);
        let tickets: Vec<_> =
            (0..5_u8).filter_map(|host| gate.enter(IpAddr::from([192, 0, 2, host])).ok()).collect();
        assert_eq!(tickets.len(), 3);
        drop(tickets);
        assert_eq!(gate.unknown(), 0);
        assert!(gate.lock().by_address.is_empty());
    }

    #[test]
    fn one_ipv6_network_counts_as_one_address() {
        let gate = gate(1, 10);
        let _ticket = gate.enter("2001:db8::1".parse().expect("an address")).expect("room");
        assert!(gate.enter("2001:db8::ffff".parse().expect("an address")).is_err());
        assert!(gate.enter("2001:db8:0:1::1".parse().expect("an address")).is_ok());
    }
}
