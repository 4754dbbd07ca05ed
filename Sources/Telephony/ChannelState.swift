/// A channel's state as in the `ChannelState` header (Asterisk's `enum ast_channel_state`), counting from 0 as Asterisk does.
///
/// `ring` is a channel that calls in, `ringing` one that is being called. A queue or an IVR makes the caller's `up`
/// before anybody has answered.
public enum ChannelState: Int, Sendable {
    case down = 0
    case reserved, offHook, dialing, ring, ringing, up, busy, dialingOffHook, preRing
}
