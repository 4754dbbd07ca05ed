extension AsteriskConfiguration {
    /// The dialplans of other people's offices: long chains of Gosubs as FreePBX builds them, conferences as VICIdial uses
    /// them, and applications that the plain dialplan has no number for.
    var offices: String {
        let sounds = folder + "/sounds"
        return """

            [from-trunk]
            ; -- a generated dialplan: routine after routine until a phone rings
            exten => 5201,1,Set(__FROM_DID=${EXTEN})
             same => n,Gosub(office-record,s,1(in))
             same => n,Set(CALLERID(name)=SALES:${CALLERID(name)})
             same => n,Goto(office-local,1001,1)
            exten => 5202,1,Gosub(office-record,s,1(rg))
             same => n,Dial(Local/1001@office-grp/n&Local/1002@office-grp/n,6,t)
             same => n,Hangup()
            exten => 5203,1,Goto(office-local,FM1001,1)
            exten => 5204,1,Answer()
             same => n,Gosub(office-record,s,1(q))
             same => n,Queue(office,t,,,40)
             same => n,Hangup()
            exten => 5205,1,Answer()
             same => n,Queue(support,,,\(sounds)/tone3,30)
             same => n,Hangup()
            exten => 5206,1,Goto(office-ivr1,s,1)
            ; -- Dial and its options
            exten => 5207,1,Dial(PJSIP/1001,20,g)
             same => n,Playback(\(sounds)/tone3)
             same => n,Hangup()
            exten => 5208,1,Dial(PJSIP/1001,20,A(\(sounds)/tone3))
             same => n,Hangup()
            exten => 5209,1,Dial(PJSIP/1001,20,hH)
             same => n,Hangup()
            exten => 5210,1,Dial(PJSIP/1001,20,S(3))
             same => n,Hangup()
            exten => 5211,1,Answer()
             same => n,Dial(PJSIP/1001,5,m)
             same => n,Dial(PJSIP/1002,20,r)
             same => n,Hangup()
            exten => 5212,1,Answer()
             same => n,Echo()
             same => n,Hangup()
            exten => 5213,1,Answer()
             same => n,MusicOnHold()
            exten => 5214,1,Answer()
             same => n,DISA(no-password,from-internal)
            exten => 5215,1,Answer()
             same => n,Page(PJSIP/1001&PJSIP/1002&PJSIP/1003,d)
             same => n,Hangup()
            exten => 5216,1,Answer()
             same => n,BridgeWait(lobby,participant,e(m))
            exten => 5217,1,Progress()
             same => n,Playback(\(sounds)/tone1,noanswer)
             same => n,Hangup(1)
            exten => 5218,1,Dial(PJSIP/1001,4)
             same => n,Dial(PJSIP/15559876543@trunk,20)
             same => n,Hangup()
            exten => 5220,1,Answer()
             same => n,Park()
             same => n,Hangup()
            exten => 5223,1,Dial(PJSIP/1001,20,U(office-screen))
             same => n,Dial(PJSIP/1002,20)
             same => n,Hangup()
            exten => 5225,1,Dial(PJSIP/1001,20,G(office-join^s^1))
             same => n,Hangup()
            exten => 5227,1,Answer()
             same => n,Queue(support,c,,,60)
             same => n,Playback(\(sounds)/tone3)
             same => n,Hangup()
            exten => 5229,1,Dial(PJSIP/1001,20)
             same => n,GotoIf($["${DIALSTATUS}"="BUSY"]?busy)
             same => n,Hangup()
             same => n(busy),VoiceMail(1001@default,bs)
             same => n,Hangup()
            exten => 5230,1,Dial(Local/915559876543@from-internal/n,20)
             same => n,Hangup()
            exten => 5231,1,Dial(PJSIP/1001,20,tTkKxXwW)
             same => n,Hangup()
            exten => 5232,1,Wait(1)
             same => n,Hangup(34)
            exten => 5233,1,Dial(PJSIP/1001,20)
             same => n,Hangup()

            exten => 5234,1,Answer()
             same => n,Queue(vip,,,,4)
             same => n,VoiceMail(1001@default,s)
             same => n,Hangup()
            exten => 5235,1,Answer()
             same => n,Queue(s-ringall,,,,30)
             same => n,Hangup()

            [office-record]
            exten => s,1,MixMonitor(office/${ARG1}-${UNIQUEID}.wav,ai(LOCAL_MIXMON_ID))
             same => n,Set(CDR(recordingfile)=${ARG1}-${UNIQUEID}.wav)
             same => n,Return()

            [office-local]
            exten => _10XX,1,Gosub(office-callerid,s,1)
             same => n,Gosub(office-exten,s,1(${EXTEN}))
             same => n,Hangup()
            exten => FM1001,1,Gosub(office-callerid,s,1)
             same => n,Dial(Local/FMPR-1001@office-local&Local/FMGL-915559876543@office-local,20)
             same => n,Hangup()
            exten => h,1,NoOp(end of ${CHANNEL})
            exten => _FMPR-X.,1,Dial(PJSIP/${EXTEN:5},20)
             same => n,Hangup()
            exten => _FMGL-X.,1,Dial(Local/${EXTEN:5}@from-internal,20)
             same => n,Hangup()

            [office-callerid]
            exten => s,1,Set(AMPUSER=${CALLERID(num)})
             same => n,Set(CHANNEL(language)=en)
             same => n,Return()

            [office-exten]
            exten => s,1,Gosub(office-dial-one,s,1(${ARG1}))
             same => n,GotoIf($["${DIALSTATUS}"="BUSY"]?busy)
             same => n,GotoIf($["${DIALSTATUS}"="NOANSWER"]?away)
             same => n,Return()
             same => n(away),VoiceMail(1001@default,us)
             same => n,Hangup()
             same => n(busy),Playtones(busy)
             same => n,Busy(2)

            [office-dial-one]
            exten => s,1,Dial(PJSIP/${ARG1},5,HhTtrU(office-answered)b(office-before^s^1))
             same => n,Return()

            [office-answered]
            exten => s,1,Set(CDR(cnum)=${CALLERID(num)})
             same => n,Return()

            [office-before]
            exten => s,1,Set(CHANNEL(musicclass)=default)
             same => n,Return()

            [office-grp]
            exten => _10XX,1,Gosub(office-callerid,s,1)
             same => n,Dial(PJSIP/${EXTEN},20)
             same => n,Hangup()

            [office-queue]
            exten => _10XX,1,Goto(office-member,${EXTEN},1)

            [office-member]
            exten => _10XX,1,Gosub(office-callerid,s,1)
             same => n,Dial(PJSIP/${EXTEN},20,b(office-before^s^1))
             same => n,Hangup()

            [office-ivr1]
            exten => s,1,Answer()
             same => n,Background(\(sounds)/tone1)
             same => n,WaitExten(4)
            exten => 1,1,Goto(office-ivr2,s,1)
            exten => i,1,Hangup()
            exten => t,1,Hangup()

            [office-ivr2]
            exten => s,1,Background(\(sounds)/tone1)
             same => n,WaitExten(4)
            exten => 2,1,Goto(office-ivr3,s,1)

            [office-ivr3]
            exten => s,1,Read(CHOICE,\(sounds)/tone1,1,,1,4)
             same => n,GotoIf($["${CHOICE}"="3"]?office-local,1001,1)
             same => n,Hangup()

            [office-screen]
            exten => s,1,Read(WANTED,\(sounds)/tone1,1,,1,4)
             same => n,ExecIf($["${WANTED}"!="1"]?Set(GOSUB_RESULT=CONTINUE))
             same => n,Return()

            [office-join]
            ; Dial's G sends the callee one priority further than the caller
            exten => s,1,Goto(room,1)
             same => n,Goto(room,1)
            exten => room,1,ConfBridge(777)
             same => n,Hangup()

            [office-outbound]
            ; the company's name and number go out, not the phone's
            exten => s,1,Set(CALLERID(all)="ACME Trading" <18005550100>)
             same => n,Return()

            [from-internal]
            exten => _05X.,1,Gosub(office-outbound,s,1)
             same => n,Dial(PJSIP/${EXTEN:2}@trunk,30)
             same => n,Hangup()
            exten => _06X.,1,Set(CALLERID(name)=ACME Trading)
             same => n,Set(CALLERID(num)=18005550100)
             same => n,Dial(PJSIP/${EXTEN:2}@trunk,30)
             same => n,Hangup()
            exten => _6X.,1,Dial(PJSIP/${EXTEN:1}@trunk2,30)
             same => n,GotoIf($["${DIALSTATUS}"="CONGESTION" | "${DIALSTATUS}"="CHANUNAVAIL"]?next)
             same => n,Hangup()
             same => n(next),Dial(PJSIP/${EXTEN:1}@trunk,30)
             same => n,GotoIf($["${DIALSTATUS}"="BUSY"]?busy)
             same => n,Playback(\(sounds)/tone1,noanswer)
             same => n,Congestion(2)
             same => n(busy),Busy(2)
            exten => 4055,1,Dial(PJSIP/1002,3)
             same => n,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 4061,1,ChanSpy(PJSIP/1001,q)
             same => n,Hangup()
            exten => 4062,1,ChanSpy(PJSIP/1001,qw)
             same => n,Hangup()
            exten => 4063,1,ChanSpy(PJSIP/1001,qB)
             same => n,Hangup()
            exten => 4064,1,Page(PJSIP/1002&PJSIP/1003&PJSIP/1004)
             same => n,Hangup()
            exten => 4065,1,Goto(menu,s,1)
            exten => 4066,1,Answer()
             same => n,Echo()
            exten => 4067,1,Pickup(5003@from-trunk)
             same => n,Hangup()
            exten => 4068,1,PickupChan(PJSIP/1001)
             same => n,Hangup()
            exten => 4069,1,VoiceMailMain(1001@default,s)
             same => n,Hangup()

            [vicidial]
            exten => _8600XXX,1,Answer()
             same => n,ConfBridge(${EXTEN})
             same => n,Hangup()
            exten => _91X.,1,Dial(PJSIP/${EXTEN:1}@trunk,30,o)
             same => n,Hangup()
            exten => 8368,1,Playback(\(sounds)/tone1)
             same => n,Wait(20)
             same => n,Hangup()
            exten => 8369,1,Playback(\(sounds)/tone1)
             same => n,Goto(8600051,1)
            exten => 8301,1,Answer()
             same => n,MusicOnHold()
            exten => 8309,1,Answer()
             same => n,MixMonitor(${CALLERID(name)}.wav)
             same => n,Wait(3600)
             same => n,Hangup()
            exten => _58600XXX,1,Answer()
             same => n,ConfBridge(${EXTEN:1})
             same => n,Hangup()
            exten => h,1,NoOp(call_log--HVcauses--PRI-----NODEBUG-----${HANGUPCAUSE}-----${DIALSTATUS})

            [from-trunk]
            exten => 5250,1,Answer()
             same => n,Playback(\(sounds)/tone1)
             same => n,MusicOnHold()
            exten => 5251,1,Goto(vicidial,8600051,1)

            """
    }
}
