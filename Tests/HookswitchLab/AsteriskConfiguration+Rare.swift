extension AsteriskConfiguration {
    /// What few dialplans do, but some do: people who are left behind by a call and go on, rooms that record themselves,
    /// channels that another call's dialplan takes hold of.
    var rareNumbers: String {
        let sounds = folder + "/sounds"
        return """

            [from-trunk]
            exten => 5301,1,Answer()
             same => n,Set(CONFBRIDGE(bridge,record_conference)=yes)
             same => n,Set(CONFBRIDGE(bridge,record_file)=\(folder)/spool/monitor/room.wav)
             same => n,ConfBridge(300)
             same => n,Hangup()
            exten => 5302,1,Dial(PJSIP/1001,20,F(left-behind^s^1))
             same => n,Hangup()
            exten => 5303,1,Dial(PJSIP/1001,20,g)
             same => n,Dial(PJSIP/1002,20)
             same => n,Hangup()
            exten => 5304,1,Answer()
             same => n,Set(GLOBAL(WAITING)=${CHANNEL(name)})
             same => n,MusicOnHold()
            exten => 5306,1,Answer()
             same => n,Queue(support,tTkK,,,60)
             same => n,Hangup()
            exten => 5307,1,Set(__PARKINGLOT=away)
             same => n,Dial(PJSIP/1001,20,kK)
             same => n,Hangup()
            exten => 5308,1,Answer()
             same => n,Queue(pool,,,,60)
             same => n,Hangup()
            exten => 5309,1,Answer()
             same => n,Originate(PJSIP/1002,app,Playback,\(sounds)/tone3,5)
             same => n,Playback(\(sounds)/tone1)
             same => n,Hangup()
            exten => 5310,1,Dial(PJSIP/1001,20)
             same => n,Goto(from-internal,1002,1)
            exten => 5311,1,Progress()
             same => n,Dial(PJSIP/1001,3,m)
             same => n,Playback(\(sounds)/tone1,noanswer)
             same => n,Hangup()

            [left-behind]
            exten => s,1,Playback(\(sounds)/tone3)
             same => n,Hangup()

            [agent-pool]
            exten => _X.,1,AgentRequest(${EXTEN})
             same => n,Hangup()

            [away]
            exten => _X.,1,Dial(PJSIP/1002,20)
             same => n,Hangup()
            exten => s,1,Dial(PJSIP/1002,20)
             same => n,Hangup()

            [from-internal]
            exten => 4301,1,Goto(from-trunk,5301,1)
            exten => 4304,1,Bridge(${WAITING})
             same => n,Hangup()
            exten => 4305,1,ChannelRedirect(${WAITING},from-internal,1002,1)
             same => n,Hangup()

            """
    }
}
