import Glibc

/// Makes a file one that Asterisk may run.
func chmodExecutable(_ path: String) { chmod(path, 0o755) }
