//! Reads: how often a plan goes over data.
//! In: a `Plan`.  Out: for each data matrix, its passes and bytes.
//! Invariant: what a plan computes once for all runs is not counted.
//! Not here: bytes of all that a step reads and writes (see `work`).

use std::collections::BTreeMap;

use super::program::{Buffer, BufferId, Kernel, Plan};
use super::work;
use crate::expr::Var;

impl Plan {
    /// How often one run reads each data matrix, or what is kept of it that is as large, and the bytes of a read: a
    /// matrix that several kernels read is read by each, but once by those that go by blocks of rows together.
    pub fn data_reads(&self) -> BTreeMap<&Var, (usize, usize)> {
        // Which data matrix a cached buffer is, or is as large as.
        let mut source: Vec<Option<&Var>> = vec![None; self.buffers.len()];
        let mut reads: BTreeMap<&Var, (usize, usize)> = BTreeMap::new();
        for step in &self.steps {
            let of = |buffer: BufferId| source[buffer].map(|var| (var, self.bytes_of(buffer)));
            let mut read: BTreeMap<&Var, usize> = BTreeMap::new();
            for (var, bytes) in step.args.iter().filter_map(|&arg| of(arg)) {
                let most = read.entry(var).or_default();
                *most = bytes.max(*most);
            }
            match &step.kernel {
                Kernel::Input(var) | Kernel::Observed(var) if step.cached => source[step.outs[0]] = Some(var),
                _ if step.cached => {
                    for &out in &step.outs {
                        let wide = read.iter().find(|(_, bytes)| 2 * self.bytes_of(out) > **bytes);
                        source[out] = wide.map(|(var, _)| *var);
                    }
                }
                _ => {
                    for (var, bytes) in read {
                        let known = reads.entry(var).or_default();
                        *known = (known.0 + 1, bytes.max(known.1));
                    }
                }
            }
        }
        reads
    }

    /// Bytes of the numbers of a buffer, held or not.
    fn bytes_of(&self, buffer: BufferId) -> usize {
        let Buffer { shape, layout, dtype, .. } = &self.buffers[buffer];
        work::bytes(*shape, layout, *dtype)
    }
}
