// daemon-drill CONFIG connect|socket NTH TIMES ERRNO
//
// `hookswitch run --config CONFIG`, where connects (sockets) number NTH to NTH + TIMES - 1 fail, of the manager's connections and
// the webhooks' alike. Says at its end how many it asked for and how many of them failed.
import CFaultSockets
import CommandLineTool
import Glibc

let numbers = CommandLine.arguments[3...].map { Int32($0)! }
hs_fault_sockets_arm(
    CommandLine.arguments[2] == "socket" ? HS_FAULT_SOCKET : HS_FAULT_CONNECT, numbers[0], numbers[1], numbers[2])
let code = Program.main(["hookswitch", "run", "--config", CommandLine.arguments[1]])
let told = Array("asked \(hs_fault_sockets_count()) failed \(hs_fault_sockets_failed())\n".utf8)
write(1, told, told.count)
exit(code)
