/// A TCP port on loopback that nobody has at this moment, for a server that must be told its port.
public func freeTCPPort() -> UInt16 { UDPSocket.freePort(stream: true) }
