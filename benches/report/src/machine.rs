//! What the measurement ran on, and when.

use std::fs;
use std::process::Command;
use std::thread;

/// One line for each fact; what the machine does not tell is left out.
pub(crate) fn facts() -> Vec<String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processor = processor(&read("/proc/cpuinfo"));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let memory = total_memory(&read("/proc/meminfo"));
    let system = system(
        &read("/etc/os-release"),
        &read("/proc/sys/kernel/osrelease"),
    );
    [
        output_of(Command::new("date").args(["-u", "+%Y-%m-%d"])),
        processor.map(|model| format!("{model}, {cores} cores")),
        memory.map(|memory| format!("{memory:.1} GiB of memory")),
        system,
        output_of(Command::new("rustc").arg("--version")),
        load().map(|load| format!("load average {load:.2} before it began")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether others keep at least one core of the machine busy now.
pub(crate) fn is_busy() -> bool {
    load().is_some_and(|load| load >= 1.0)
}

fn load() -> Option<f64> {
    let loads = fs::read_to_string("/proc/loadavg").ok()?;
    loads.split(' ').next()?.parse().ok()
}

/// What a command prints, if it succeeds.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    let (_, model) = line.split_once(':')?;
    Some(model.trim().to_owned())
}

fn total_memory(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0 / 1024.0)
}

fn system(os_release: &str, kernel: &str) -> Option<String> {
    let name = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"'));
    // What comes after the version is a matter of who built it.
    let kernel = kernel.trim().split('-').next();
    let kernel = kernel.filter(|kernel| !kernel.is_empty())?;
    Some(format!("{}, Linux {kernel}", name.unwrap_or("unknown")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_what_the_kernel_tells() {
        let cpuinfo = "processor\t: 0\nmodel name\t: A: fast one\n\nmodel name\t: B\n";
        assert_eq!(processor(cpuinfo).as_deref(), Some("A: fast one"));
        assert_eq!(total_memory("MemTotal:   2097152 kB\n"), Some(2.0));
        let os_release = "ID=debian\nPRETTY_NAME=\"Debian 12\"\n";
        assert_eq!(
            system(os_release, "6.1-x\n").as_deref(),
            Some("Debian 12, Linux 6.1")
        );
        assert_eq!(system("", ""), None);
        assert_eq!(processor(""), None);
    }
}
