// The FastAGI server under load: five commands a session, then the end, as the C yardstick does.
//
//   fastagi-bench PORT
import EventLoop
import FastAGI

let port = CommandLine.arguments.count > 1 ? UInt16(CommandLine.arguments[1]) ?? 4573 : 4573
guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { fatalError("a port from 0 to 65535") }

var routes = FastAGIRoutes()
routes.on("call-complete") { session in
    _ = try await session.variable("CALLERID(num)")
    _ = try await session.variable("DIALSTATUS")
    _ = try await session.variable("ANSWEREDTIME")
    _ = try await session.variable("MIXMONITOR_FILENAME")
    try await session.setVariable("HOOKSWITCH_ID", "1")
}
let served = routes
let loop = try EventLoop()
try loop.run {
    let listener = try Listener.listen(on: address, loop: loop)
    print("listening on \(listener.localAddress)")
    await FastAGIServer(routes: served).run(on: listener)
}
