//! The simulated lab: phones, carriers and wires around one exchange, in fake time.
