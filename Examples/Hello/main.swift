import EventLoop
import FastAGI

var routes = FastAGIRoutes()
routes.on("hello") { session in  // AGI(agi://127.0.0.1:4574/hello)
    try await session.setVariable("GREETING", "hello \(session.environment.known("callerid") ?? "stranger")")
}
let (loop, server) = (try EventLoop(), FastAGIServer(routes: routes))
try loop.run {
    await server.run(on: try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 4574)!, loop: loop))
}
