# tick 11171, loop: frame 919 from bond0 came back to it
seed 501367
calm 11669
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card e2 02:00:00:00:0a:02 1000
card s0a 02:00:00:00:0c:00 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire e2 sw0
wire s0a sw0
wire s0b sw0
bond bond0 e0 e1 e2 mode=5 address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
flow bond0 s0 raw 106
flow s0 bond0 udp 16
flow bond0 s0 broadcast 97
at 370 set bond0 prio e2:2
at 1786 activate bond0 e1
at 11169 link e1 down
