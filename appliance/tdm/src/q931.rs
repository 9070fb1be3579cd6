//! Calls of an ISDN interface: ITU-T Q.931 (05/98) and its national kin.
