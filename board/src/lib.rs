//! What a box is made of, behind roles: nobody above knows whether a span is a card or a simulation.
