# tick 13037, one address twice: bond0: e0 and e1 have 02:00:00:00:0a:01
seed 502656
calm 9434
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card e2 02:00:00:00:0a:02 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire e2 sw0
wire s0a sw0
wire s1a sw0
bond bond0 e0 e1 e2 mode=6 address=10.0.0.1/24,fd10::1/64
at 5988 stall 5749
at 6279 release bond0 e0
at 6284 enslave bond0 e0
at 6909 mac e0 02:00:00:00:0f:02
at 9433 release bond0 e1
