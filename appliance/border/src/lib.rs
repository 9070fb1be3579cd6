//! What may enter and leave: realms, admission, flood, topology, NAT.
