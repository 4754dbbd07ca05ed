extension AsteriskConfiguration {
    /// `extensions.conf`: one DID a situation. The scenarios say which they call.
    var dialplan: String {
        let sounds = folder + "/sounds"
        let monitor = folder + "/spool/monitor"
        var text = """
            [general]
            static = yes
            writeprotect = yes
            [globals]
            TRANSFER_CONTEXT = from-internal
            HOOKSWITCH_AGI = agi://127.0.0.1:\(fastAGIPort)

            [from-trunk]
            exten => 5001,1,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 5002,1,Dial(PJSIP/1001,4)
             same => n,Hangup()
            exten => 5003,1,Dial(PJSIP/1001&PJSIP/1002,20)
             same => n,Hangup()
            exten => 5004,1,Dial(PJSIP/1001,3)
             same => n,Dial(PJSIP/1002,20)
             same => n,Hangup()
            exten => 5005,1,Answer()
             same => n,Queue(support,,,,60)
             same => n,Hangup()
            exten => 5006,1,Answer()
             same => n,Queue(vip,,,,4)
             same => n,Playback(\(sounds)/tone1)
             same => n,Hangup()
            exten => 5007,1,Answer()
             same => n,Playback(\(sounds)/tone3)
             same => n,Hangup()
            exten => 5008,1,Goto(menu,s,1)
            exten => 5009,1,Answer()
             same => n,ConfBridge(100)
             same => n,Hangup()
            exten => 5010,1,MixMonitor(\(monitor)/rec-${CALLERID(num)}-${EXTEN}-${UNIQUEID}.wav,b)
             same => n,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 5012,1,Dial(Local/1001@agents,20)
             same => n,Hangup()
            exten => 5013,1,Set(__lead_id=88001234)
             same => n,Set(__campaign_id=SPRING26)
             same => n,Set(_vendor_lead_code=VL-77:x=1)
             same => n,Set(CHANNEL(accountcode)=camp-spring)
             same => n,Set(CDR(userfield)=uf\\;lead=88001234)
             same => n,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 5015,1,Busy(2)
            exten => 5016,1,Congestion(2)
            exten => 5017,1,FollowMe(1001,n)
             same => n,Hangup()
            exten => 5018,1,Dial(Local/1001@agents/n,20)
             same => n,Hangup()
            exten => 5020,1,Dial(PJSIP/1001,3)
             same => n,VoiceMail(1001@default,s)
             same => n,Hangup()
            exten => 5021,1,Dial(PJSIP/1001,20,tTkKxX)
             same => n,Hangup()
            exten => 5022,1,Answer()
             same => n,Set(HOOKSWITCH_QUEUE=small)
             same => n,Queue(small,,,,60)
             same => n,Playback(\(sounds)/tone1)
             same => n,Hangup()
            exten => 5023,1,Answer()
             same => n,Set(HOOKSWITCH_QUEUE=nobody)
             same => n,Queue(nobody,,,,60)
             same => n,Playback(\(sounds)/tone1)
             same => n,Hangup()
            exten => 5024,1,Answer()
             same => n,Queue(leaving,,,,60)
             same => n,Hangup()
            exten => 5025,1,Answer()
             same => n,Queue(remote,,,,60)
             same => n,Hangup()
            exten => 5026,1,Dial(Local/1001@hop,20)
             same => n,Hangup()
            exten => 5027,1,Answer()
             same => n,Queue(vip,,,,3)
             same => n,Queue(support,,,,60)
             same => n,Hangup()
            exten => 5028,1,Dial(PJSIP/1001,20,L(3000))
             same => n,Hangup()
            exten => 5029,1,Set(TIMEOUT(absolute)=5)
             same => n,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 5030,1,Answer()
             same => n,Page(PJSIP/1001&PJSIP/1002)
             same => n,Hangup()
            exten => 5031,1,MixMonitor(\(monitor)/first-${UNIQUEID}.wav)
             same => n,Dial(PJSIP/1001,20,U(record-callee))
             same => n,Hangup()
            exten => 5032,1,MixMonitor(\(monitor)/empty-${UNIQUEID}.wav,b)
             same => n,Dial(PJSIP/1001,3)
             same => n,Hangup()
            exten => 5033,1,Answer()
             same => n,AgentRequest(7001)
             same => n,Hangup()
            exten => 5034,1,Answer()
             same => n,MixMonitor(\(monitor)/queue-${UNIQUEID}.wav)
             same => n,Queue(support,,,,60)
             same => n,Hangup()
            exten => 5035,1,Set(TOUCH_MIXMONITOR=\(monitor)/key-${UNIQUEID})
             same => n,Set(__TOUCH_MIXMONITOR_FORMAT=wav)
             same => n,Dial(PJSIP/1001,20,xX)
             same => n,Hangup()
            exten => 5036,1,Answer()
             same => n,Dial(PJSIP/1001,3)
             same => n,Hangup()
            exten => 5037,1,Set(__PARKINGLOT=short)
             same => n,Dial(PJSIP/1001,20,kK)
             same => n,Hangup()
            exten => 5038,1,Dial(PJSIP/1001&PJSIP/1002,4)
             same => n,Hangup()
            exten => 5039,1,Dial(PJSIP/1001&PJSIP/15559876543@trunk,20)
             same => n,Hangup()
            exten => 5040,1,Dial(PJSIP/nobody-there,20)
             same => n,Hangup()

            """
        for (index, strategy) in QueueStrategy.allCases.enumerated() {
            text += """
                exten => 506\(index),1,Answer()
                 same => n,Queue(s-\(strategy.rawValue),,,,60)
                 same => n,Hangup()

                """
        }
        if shippedFolder != nil {
            text += """
                #include "\(folder)/etc/extensions_hookswitch.conf"

                [entry]
                exten => _X.,1,Gosub(hookswitch,attach,1)
                \(moreAGIPorts.map { " same => n,Set(CHANNEL(hangup_handler_push)=more,\($0),1)" }.joined(separator: "\n"))
                 same => n,Goto(from-trunk,${EXTEN},1)

                [more]
                exten => _X.,1,Set(HOOKSWITCH_AGI=agi://127.0.0.1:${EXTEN})
                 same => n,Gosub(hookswitch-hangup,caller,1)
                 same => n,Set(HOOKSWITCH_AGI=agi://127.0.0.1:\(fastAGIPort))
                 same => n,Return()

                [from-trunk]
                exten => 5011,1,Gosub(hookswitch,tag,1(CRM-4711,lead_id=88001234))
                 same => n,Gosub(hookswitch,record,1)
                 same => n,Dial(PJSIP/1001,20,b(hookswitch^callee^1))
                 same => n,Hangup()

                """
        }
        text += """

            [menu]
            exten => s,1,Answer()
             same => n,Background(\(sounds)/tone1)
             same => n,WaitExten(4)
            exten => 1,1,Dial(PJSIP/1001,20)
             same => n,Hangup()
            exten => 2,1,Queue(support,,,,60)
             same => n,Hangup()
            exten => i,1,Playback(\(sounds)/tone1)
             same => n,Goto(s,1)
            exten => t,1,Playback(\(sounds)/tone1)
             same => n,Hangup()

            [queue-exit]
            exten => 1,1,Dial(PJSIP/1002,20)
             same => n,Hangup()

            [from-internal]
            include => parkedcalls
            include => parkedshort
            exten => _10XX,1,Dial(PJSIP/${EXTEN},20)
             same => n,Hangup()
            exten => _9X.,1,Dial(PJSIP/${EXTEN:1}@trunk,30)
             same => n,Hangup()
            exten => _8X.,1,Dial(PJSIP/${EXTEN:1}@trunk,30,T)
             same => n,Hangup()
            exten => 4000,1,Answer()
             same => n,ConfBridge(100)
             same => n,Hangup()
            exten => 4010,1,Pickup(5001@from-internal&5001@from-trunk)
             same => n,Hangup()
            exten => 4011,1,Pickup()
             same => n,Hangup()
            exten => 4020,1,AgentLogin(7001,s)
             same => n,Hangup()
            exten => 4030,1,Answer()
             same => n,Playback(\(sounds)/tone3)
             same => n,Hangup()
            exten => 4040,1,Answer()
             same => n,Queue(support,,,,60)
             same => n,Hangup()
            exten => 4050,1,Voicemail(1001@default,s)
             same => n,Hangup()

            [agents]
            exten => _10XX,1,Dial(PJSIP/${EXTEN},20)
             same => n,Hangup()

            [hop]
            exten => _10XX,1,Dial(Local/${EXTEN}@agents,20)
             same => n,Hangup()

            [from-internal]
            ; The carrier is told the company's number, not the phone's.
            exten => _2X.,1,Set(CALLERID(num)=18005550100)
             same => n,Dial(IAX2/carrier/${EXTEN:1},20)
             same => n,Hangup()
            exten => _3X.,1,Set(CALLERID(num)=18005550100)
             same => n,Dial(IAX2/carrier/${EXTEN:1},3)
             same => n,Hangup()

            [from-carrier]
            exten => _X.,1,Dial(PJSIP/1002,20)
             same => n,Hangup()

            [click2call]
            exten => _X.,1,Dial(PJSIP/${EXTEN}@trunk,30)
             same => n,Hangup()
            exten => _*X.,1,Dial(PJSIP/${EXTEN:1}@trunk,4)
             same => n,Hangup()

            [announce]
            exten => s,1,Answer()
             same => n,Playback(\(sounds)/tone3)
             same => n,Hangup()

            [record-callee]
            exten => s,1,MixMonitor(\(monitor)/second-${UNIQUEID}.wav)
             same => n,Return()

            """
        return text + offices + rareNumbers + handedNumbers
    }
}
