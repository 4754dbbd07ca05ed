extension ByteStream {
    /// Turns the connection into TLS, as client. On failure the stream is closed.
    /// - Throws: `.certificateWrong` with the reason, `.tlsFailed`, `.tlsSetup` (files), `.timedOut`, `.connectionReset`.
    nonisolated(nonsending)
        public func startTLS(
            _ options: TLSClientOptions, deadline: Duration = .seconds(10)
        ) async throws(EventLoopError)
    {
        try await startTLS(deadline) { () throws(EventLoopError) in try TLSEngine(client: options) }
    }

    /// Turns the connection into TLS, as server. On failure the stream is closed.
    nonisolated(nonsending)
        public func startTLS(
            server options: TLSServerOptions, deadline: Duration = .seconds(10)
        ) async throws(EventLoopError)
    {
        try await startTLS(deadline) { () throws(EventLoopError) in try TLSEngine(server: options) }
    }

    nonisolated(nonsending)
        private func startTLS(
            _ deadline: Duration, _ makeEngine: () throws(EventLoopError) -> TLSEngine
        ) async throws(EventLoopError)
    {
        loop.preconditionCurrent()
        precondition(tls == nil, "TLS is on already")
        let operation = "start TLS with \(peerAddress)"
        let engine: TLSEngine
        do {
            engine = try makeEngine()
        } catch {
            throw socket.fail(error)
        }
        let socket = socket
        let timer = loop.schedule(after: deadline) {
            _ = socket.fail(.timedOut(operation, after: deadline))
        }
        defer { timer.cancel() }
        while true {
            switch engine.handshake() {
            case .done:
                try flush(engine)
                tls = engine
                return
            case .needsMore:
                try flush(engine)
                try await receive(for: engine, operation)
            case .failed(let error):
                try? flush(engine)  // the alert, so that the other side learns why
                throw socket.fail(error.while(operation))
            }
        }
    }

    nonisolated(nonsending)
        private func receive(for engine: TLSEngine, _ operation: String) async throws(EventLoopError)
    {
        while true {
            if Task.isCancelled { throw socket.fail(.cancelled(operation)) }
            switch try socket.read() {
            case .bytes(let count):
                return engine.receive(UnsafeRawBufferPointer(rebasing: loop.readBuffer[..<count]))
            case .endOfStream:
                throw socket.fail(
                    EventLoopError(
                        .tlsFailed, operation: operation, detail: "the other side hung up during the handshake"))
            case .notYet: await socket.waitUntilReadable()
            }
        }
    }
}
