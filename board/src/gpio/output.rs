//! A line of a GPIO chip that is driven: a lamp, for example.

use embedded_hal::digital::{ErrorType, OutputPin};
use gpiocdev::Request;
use gpiocdev::line::Value;

use super::{CONSUMER, fault, find};
use crate::Fault;
use crate::sheet::Pin;

/// A line that is driven. High is lit, also where the sheet says that it is low then.
#[derive(Debug)]
pub struct Output {
    request: Request,
    number: u32,
}

impl Output {
    /// The line of a fact sheet, not lit.
    ///
    /// # Errors
    /// As of [`super::Input::open`].
    pub fn open(pin: &Pin) -> Result<Output, Fault> {
        let (chip, number) = find(pin)?;
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer(CONSUMER).with_line(number).as_output(Value::Inactive);
        if pin.active_low {
            builder.as_active_low();
        }
        let request = builder.request().map_err(|wrong| fault("GPIO_V2_GET_LINE", &wrong))?;
        Ok(Output { request, number })
    }

    fn set(&mut self, value: Value) -> Result<(), Fault> {
        let set = self.request.set_value(self.number, value);
        set.map_err(|wrong| fault("GPIO_V2_LINE_SET_VALUES", &wrong))
    }
}

impl ErrorType for Output {
    type Error = Fault;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Fault> {
        self.set(Value::Inactive)
    }

    fn set_high(&mut self) -> Result<(), Fault> {
        self.set(Value::Active)
    }
}
