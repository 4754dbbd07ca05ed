/// A channel's state as in the `ChannelState` header (Asterisk's `enum ast_channel_state`).
public enum ChannelState: Int, Sendable {
    case down = 0
    case reserved, offHook, dialing, ring, ringing, up, busy, dialingOffHook, preRing, muted
}
