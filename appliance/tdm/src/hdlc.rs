//! Frames in a stream of bits (ISO/IEC 13239): flags, stuffed zeros, and the check of 16 bits.
