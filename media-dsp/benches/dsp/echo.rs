//! The echo canceller: its time beside speexdsp's for the same tail, and how well both cancel.
//!
//! spandsp's canceller is left out: Debian's build of it prints a line for every sample. OSLEC is a part of
//! the kernel and no library.

use super::css;
use super::line::{Law, Line};
use super::oracle;
use super::quality::{Canceller, NEEDED, SETTLED, SPANS, quality};
use super::{Bench, Goal};
use media_dsp::arch::Level;
use media_dsp::echo::{EchoCanceller, Processor, Settings, Tail};
use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

pub(crate) fn run(bench: &mut Bench) {
    let Some(speech) = oracle::speech(NEEDED) else { return };
    let (rin, sin) = call(&speech[..20 * 8000]);
    let frames = rin.len() / FRAME;
    let speex = Speex::open();
    for (name, tail, goal) in [
        ("echo canceller 16 ms", Tail::Ms16, Goal::Stated),
        ("echo canceller 32 ms", Tail::Ms32, Goal::Stated),
        ("echo canceller 64 ms", Tail::Ms64, Goal::Stated),
        ("echo canceller 128 ms", Tail::Ms128, Goal::Nanos(5000.0)),
    ] {
        let mut avx512 = at(tail, Level::Avx512);
        let mut avx2 = at(tail, Level::Avx2);
        let mut sse2 = at(tail, Level::Sse2);
        let mut processor_on = EchoCanceller::new(settings(tail, Processor::ComfortNoise));
        let mut peer = speex.as_ref().map(|it| it.canceller(FRAME, tail.samples()));
        let mut sout = vec![0; rin.len()];
        let mut out = sout.clone();
        let (mut out_avx512, mut out_sse2, mut out_on) = (out.clone(), out.clone(), out.clone());
        let mut ours = || whole(&mut |a, b, c| avx2.cancel(a, b, c), &rin, &sin, &mut sout);
        let mut first =
            || whole(&mut |a, b, c| avx512.cancel(a, b, c), &rin, &sin, &mut out_avx512);
        let mut third = || whole(&mut |a, b, c| sse2.cancel(a, b, c), &rin, &sin, &mut out_sse2);
        let mut on = || whole(&mut |a, b, c| processor_on.cancel(a, b, c), &rin, &sin, &mut out_on);
        let mut theirs = || {
            if let Some(peer) = &mut peer {
                whole(peer, &rin, &sin, &mut out);
            }
        };
        let mut peers: Vec<super::Peer<'_>> = vec![
            ("ours with AVX-512", &mut first),
            ("with SSE2", &mut third),
            ("with comfort noise", &mut on),
        ];
        if speex.is_some() {
            peers.insert(0, ("speexdsp", &mut theirs));
        }
        bench.row(name, goal, frames, &mut ours, &mut peers);
    }
    let mut sout = vec![0; FRAME * 50];
    let mut beginning = || {
        let mut canceller = at(Tail::Ms128, Level::Avx2);
        whole(&mut |a, b, c| canceller.cancel(a, b, c), &rin, &sin, &mut sout);
    };
    let name = "echo canceller 128 ms, the first second of a path";
    bench.row(name, Goal::Stated, 50, &mut beginning, &mut []);
    if bench.wants("echo quality") {
        table(&speech, speex.as_ref());
    }
}

/// The enhancement of both, in dB.
fn table(speech: &[i16], speex: Option<&Speex>) {
    let spans = SPANS.map(|it| it.0).join(" | ");
    println!("\n| echo quality, mean/least dB | {spans} | s from a path change to {SETTLED} dB |");
    println!("| --- |{}", " --- |".repeat(SPANS.len() + 1));
    let row = |name: &str, make: &mut dyn FnMut() -> Canceller| {
        let found = quality(speech, make);
        let cells = found.mean.iter().zip(found.least);
        let cells: Vec<_> = cells.map(|(mean, least)| format!("{mean:.1}/{least:.1}")).collect();
        println!("| {name} | {} | {:.2} |", cells.join(" | "), found.mean_settled());
    };
    row("ours, 128 ms", &mut || {
        let mut canceller = EchoCanceller::new(settings(Tail::Ms128, Processor::Off));
        Box::new(move |rin, sin, sout| canceller.cancel(rin, sin, sout))
    });
    let Some(speex) = speex else { return };
    for frame in [80, 160] {
        row(&format!("speexdsp, frame {frame}"), &mut || speex.canceller(frame, 1024));
    }
    let mut line = Line::new(2, 6.0, 80, Law::A);
    let css = css::single_talk(-10.0);
    let mut ours = EchoCanceller::new(settings(Tail::Ms128, Processor::Off));
    let mut left = 0.0;
    for _ in 0..3 {
        let sin: Vec<i16> = css.iter().map(|&it| line.turn(it, 0.0)).collect();
        let mut sout = vec![0; sin.len()];
        ours.cancel(&css, &sin, &mut sout);
        left = super::line::level(&sin) - super::line::level(&sout);
    }
    println!("\nCSS of ITU-T G.168 Annex C, 1.4 to 2.1 s: {left:.1} dB\n");
}

fn settings(tail: Tail, processor: Processor) -> Settings {
    Settings { tail, bulk_delay: 0, processor }
}

fn at(tail: Tail, level: Level) -> EchoCanceller {
    EchoCanceller::at_level(settings(tail, Processor::Off), level)
}

fn whole<F>(canceller: &mut F, rin: &[i16], sin: &[i16], sout: &mut [i16])
where
    F: FnMut(&[i16], &[i16], &mut [i16]) + ?Sized,
{
    let frames = rin.chunks_exact(FRAME).zip(sin.chunks_exact(FRAME));
    for ((rin, sin), sout) in frames.zip(sout.chunks_exact_mut(FRAME)) {
        canceller(rin, sin, sout);
    }
}

/// Far end and its echo.
fn call(speech: &[i16]) -> (Vec<i16>, Vec<i16>) {
    let mut line = Line::new(4, 6.0, 40, Law::A).with_noise(-70.0);
    let rin: Vec<i16> = speech.iter().map(|&it| Law::A.through(f32::from(it)) as i16).collect();
    let sin = rin.iter().map(|&it| line.turn(it, 0.0)).collect();
    (rin, sin)
}

/// libspeexdsp's acoustic echo canceller.
struct Speex {
    library: Rc<libloading::Library>,
}

/// One of its states, which ends with it.
struct SpeexState {
    library: Rc<libloading::Library>,
    state: NonNull<c_void>,
}

impl Speex {
    fn open() -> Option<Self> {
        let library = oracle::library(&["libspeexdsp.so.1"], "libspeexdsp1")?;
        Some(Self { library: Rc::new(library) })
    }

    #[allow(unsafe_code)]
    fn canceller(&self, frame: usize, tail: usize) -> Canceller {
        type Init = unsafe extern "C" fn(c_int, c_int) -> *mut c_void;
        type Control = unsafe extern "C" fn(*mut c_void, c_int, *mut c_int) -> c_int;
        type Cancel = unsafe extern "C" fn(*mut c_void, *const i16, *const i16, *mut i16);
        // SAFETY: the functions have these types in speex_echo.h; request 24 sets the sampling rate.
        let state = unsafe {
            let init = self.library.get::<Init>(b"speex_echo_state_init").unwrap();
            let control = self.library.get::<Control>(b"speex_echo_ctl").unwrap();
            let state = init(frame as c_int, tail as c_int);
            control(state, 24, &mut 8000);
            state
        };
        let state =
            SpeexState { library: Rc::clone(&self.library), state: NonNull::new(state).unwrap() };
        Box::new(move |rin, sin, sout| {
            let state = &state;
            let frames = rin.chunks_exact(frame).zip(sin.chunks_exact(frame));
            for ((rin, sin), sout) in frames.zip(sout.chunks_exact_mut(frame)) {
                // SAFETY: all three have a frame's samples.
                unsafe {
                    let cancel = state.library.get::<Cancel>(b"speex_echo_cancellation").unwrap();
                    cancel(state.state.as_ptr(), sin.as_ptr(), rin.as_ptr(), sout.as_mut_ptr());
                }
            }
        })
    }
}

impl Drop for SpeexState {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        type Destroy = unsafe extern "C" fn(*mut c_void);
        // SAFETY: the state is live, and this is its end.
        unsafe {
            let destroy = self.library.get::<Destroy>(b"speex_echo_state_destroy").unwrap();
            destroy(self.state.as_ptr());
        }
    }
}

/// Samples of 20 ms.
const FRAME: usize = 160;
