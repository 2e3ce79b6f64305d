//! As much of SUNDIALS 6 as is needed: BDF with a dense Newton matrix made by differences of the right-hand side.
#![allow(unsafe_code)]

use std::ffi::{c_double, c_int, c_long, c_void};
use std::ptr::null_mut;

type Handle = *mut c_void;
type Rhs = extern "C" fn(c_double, Handle, Handle, Handle) -> c_int;

unsafe extern "C" {
    fn SUNContext_Create(comm: Handle, context: *mut Handle) -> c_int;
    fn SUNContext_Free(context: *mut Handle) -> c_int;
    fn N_VNew_Serial(length: i64, context: Handle) -> Handle;
    fn N_VGetArrayPointer_Serial(vector: Handle) -> *mut c_double;
    fn N_VDestroy_Serial(vector: Handle);
    fn SUNDenseMatrix(rows: i64, columns: i64, context: Handle) -> Handle;
    fn SUNMatDestroy_Dense(matrix: Handle);
    fn SUNLinSol_Dense(y: Handle, matrix: Handle, context: Handle) -> Handle;
    fn SUNLinSolFree_Dense(solver: Handle) -> c_int;
    fn CVodeCreate(method: c_int, context: Handle) -> Handle;
    fn CVodeInit(memory: Handle, f: Rhs, t0: c_double, y0: Handle) -> c_int;
    fn CVodeSVtolerances(memory: Handle, rtol: c_double, atol: Handle) -> c_int;
    fn CVodeSetUserData(memory: Handle, data: Handle) -> c_int;
    fn CVodeSetLinearSolver(memory: Handle, solver: Handle, matrix: Handle) -> c_int;
    fn CVodeSetMaxNumSteps(memory: Handle, steps: c_long) -> c_int;
    fn CVodeSetStopTime(memory: Handle, t: c_double) -> c_int;
    fn CVode(memory: Handle, t: c_double, y: Handle, reached: *mut c_double, task: c_int) -> c_int;
    fn CVodeFree(memory: *mut Handle);
}

const BDF: c_int = 2;
const NORMAL: c_int = 1;

struct Equations<'a> {
    f: &'a mut dyn FnMut(f64, &[f64], &mut [f64]),
    n: usize,
}

extern "C" fn rhs(t: c_double, y: Handle, dydt: Handle, data: Handle) -> c_int {
    // SAFETY: `integrate` passes its own `Equations`, which outlives the call, and vectors of `n` numbers.
    unsafe {
        let equations = &mut *data.cast::<Equations>();
        let y = std::slice::from_raw_parts(N_VGetArrayPointer_Serial(y), equations.n);
        let out = std::slice::from_raw_parts_mut(N_VGetArrayPointer_Serial(dydt), equations.n);
        (equations.f)(t, y, out);
        if out.iter().all(|x| x.is_finite()) { 0 } else { 1 }
    }
}

/// State at `end`, or CVODE's error code.
pub fn integrate(
    f: &mut dyn FnMut(f64, &[f64], &mut [f64]),
    t0: f64,
    start: &[f64],
    end: f64,
    rtol: f64,
    atol: &[f64],
) -> Result<Vec<f64>, i32> {
    let n = start.len();
    let mut equations = Equations { f, n };
    // SAFETY: handles are made, used and freed here in the order SUNDIALS' manual prescribes; all lengths are `n`.
    unsafe {
        let mut context = null_mut();
        SUNContext_Create(null_mut(), &mut context);
        let vector = |values: &[f64]| {
            let v = N_VNew_Serial(n as i64, context);
            std::slice::from_raw_parts_mut(N_VGetArrayPointer_Serial(v), n).copy_from_slice(values);
            v
        };
        let (y, tolerance) = (vector(start), vector(atol));
        let matrix = SUNDenseMatrix(n as i64, n as i64, context);
        let solver = SUNLinSol_Dense(y, matrix, context);
        let mut memory = CVodeCreate(BDF, context);
        let mut flag = CVodeInit(memory, rhs, t0, y);
        flag = flag.min(CVodeSVtolerances(memory, rtol, tolerance));
        flag = flag.min(CVodeSetUserData(memory, (&raw mut equations).cast()));
        flag = flag.min(CVodeSetLinearSolver(memory, solver, matrix));
        flag = flag.min(CVodeSetMaxNumSteps(memory, 10_000_000));
        flag = flag.min(CVodeSetStopTime(memory, end));
        let mut reached = t0;
        if flag >= 0 {
            flag = CVode(memory, end, y, &mut reached, NORMAL);
        }
        let out = std::slice::from_raw_parts(N_VGetArrayPointer_Serial(y), n).to_vec();
        CVodeFree(&mut memory);
        SUNLinSolFree_Dense(solver);
        SUNMatDestroy_Dense(matrix);
        N_VDestroy_Serial(y);
        N_VDestroy_Serial(tolerance);
        SUNContext_Free(&mut context);
        if flag >= 0 && reached == end { Ok(out) } else { Err(flag) }
    }
}
