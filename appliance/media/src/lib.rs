//! RTP and RTCP: packets and ports, no sockets.
