/// Which handler answers which path.
///
/// ```swift
/// var routes = FastAGIRoutes()
/// routes.on("greet") { session in
///     let name = try await session.variable("CALLERID(name)") ?? "caller"
///     try await session.verbose("hello \(name)")
/// }
/// ```
public struct FastAGIRoutes: Sendable {
    /// Runs on the server's loop. What it throws is logged and counted; either way the session ends with it.
    public typealias Handler = nonisolated(nonsending) @Sendable (FastAGISession) async throws -> Void

    /// How long a session of a route may last.
    public enum Deadline: Sendable {
        /// As the server's configuration says.
        case ofServer
        /// From the connection on; the socket is closed then, whatever the handler does.
        case after(Duration)
        /// As long as the handler likes, for menus and the like: the handler alone answers for the channel.
        case none
    }

    /// A handler and its time.
    struct Route: Sendable {
        /// How long one session of it may last.
        var deadline: Deadline
        /// Who serves it.
        var handler: Handler
    }
    private var routes: [String: Route] = [:]

    /// No paths: every request is answered as unknown.
    public init() {}

    /// Adds a handler for a path, without slashes at its ends. A second one for the same path replaces the first.
    public mutating func on(_ path: String, deadline: Deadline = .ofServer, _ handler: @escaping Handler) {
        routes[path] = Route(deadline: deadline, handler: handler)
    }

    /// All paths, in alphabetical order.
    public var paths: [String] { routes.keys.sorted() }

    /// Nil for a path that nobody serves. Capitals count.
    func route(_ path: String) -> Route? { routes[path] }
}
