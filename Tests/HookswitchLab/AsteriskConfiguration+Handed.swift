extension AsteriskConfiguration {
    /// Calls that something else than Dial() joins: an application outside (ARI), a queue's subroutine, another channel's dialplan.
    var handedNumbers: String {
        let sounds = folder + "/sounds"
        return """

            [from-trunk]
            exten => 5321,1,Stasis(lab)
             same => n,Hangup()
            exten => 5322,1,Answer()
             same => n,Queue(screened,,,,60)
             same => n,Hangup()
            exten => 5323,1,RetryDial(\(sounds)/tone1,0,2,PJSIP/1001,3)
             same => n,Hangup()
            exten => 5324,1,Answer()
             same => n,Wait(1)
             same => n,ReceiveFAX(\(folder)/spool/tmp/fax.tif)
             same => n,Hangup()

            [from-internal]
            exten => 4321,1,Answer()
             same => n,BridgeAdd(${WAITING})
             same => n,Hangup()

            [queue-screen]
            exten => s,1,Playback(\(sounds)/tone1)
             same => n,Return()

            """
    }
}
