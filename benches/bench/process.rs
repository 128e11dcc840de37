//! What the kernel says of processes (proc(5)).

use std::fs;
use std::time::Duration;

use crate::Result;

/// CPU that a process and its threads have used.
pub fn cpu(pid: u32) -> Result<Duration> {
    let times = times(pid)?;
    Ok(ticks(times.own))
}

/// CPU that a process and its children have used, those that have ended included.
pub fn cpu_with_children(pid: u32) -> Result<Duration> {
    let parent = times(pid)?;
    let mut sum = parent.own + parent.ended_children;
    for entry in fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may have ended since the directory was read: then the parent's next figure has it.
        if let Ok(times) = times(child)
            && times.parent == pid
        {
            sum += times.own + times.ended_children;
        }
    }
    Ok(ticks(sum))
}

/// Memory of a process that is in RAM.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS is missing")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes << 10)
}

struct Times {
    parent: u32,
    own: u64,
    ended_children: u64,
}

fn times(pid: u32) -> Result<Times> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may contain anything.
    let (_, rest) = stat.rsplit_once(')').ok_or("a stat file without a name")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| -> Result<u64> {
        Ok(fields.get(number - 3).ok_or("a stat file is too short")?.parse()?)
    };
    Ok(Times {
        parent: field(4)? as u32,
        own: field(14)? + field(15)?,
        ended_children: field(16)? + field(17)?,
    })
}

fn ticks(count: u64) -> Duration {
    // SAFETY: asks for a constant of the system; no memory is involved.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as u64;
    Duration::from_nanos(count * (1_000_000_000 / per_second))
}
