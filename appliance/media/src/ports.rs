//! The pairs that are lent, found by number at once.

use crate::port::Port;
use call::PortId;

/// For each media address the pairs by half their port: one step from a packet to its state.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    addresses: Vec<Vec<Option<Box<Port>>>>,
}

impl Ports {
    pub(crate) fn of(&self, id: PortId) -> Option<&Port> {
        self.addresses.get(usize::from(id.address))?.get(place(id))?.as_deref()
    }

    pub(crate) fn of_mut(&mut self, id: PortId) -> Option<&mut Port> {
        self.addresses.get_mut(usize::from(id.address))?.get_mut(place(id))?.as_deref_mut()
    }

    /// Puts a pair in; whatever was there is gone.
    pub(crate) fn put(&mut self, id: PortId, port: Port) {
        let address = usize::from(id.address);
        if self.addresses.len() <= address {
            self.addresses.resize_with(address + 1, Vec::new);
        }
        let Some(ports) = self.addresses.get_mut(address) else { return };
        if ports.len() <= place(id) {
            ports.resize_with(place(id) + 1, || None);
        }
        if let Some(slot) = ports.get_mut(place(id)) {
            *slot = Some(Box::new(port));
        }
    }

    pub(crate) fn take(&mut self, id: PortId) -> Option<Box<Port>> {
        self.addresses.get_mut(usize::from(id.address))?.get_mut(place(id))?.take()
    }
}

fn place(id: PortId) -> usize {
    usize::from(id.port / 2)
}
