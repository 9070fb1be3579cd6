//! Call features as functions from leg events to leg commands.
