# tick 21050, no recovery: frame 526 from s1 to bond0 is lost 7007 ms after the last fault; the bound was 7000 ms
seed 906773
calm 14043
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card s1a 02:00:00:00:0c:01 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire s1a sw0
bond bond0 e0 e1 mode=5 updelay=500 tlb_dynamic_lb=0 address=10.0.0.1/24,fd10::1/64
station s1 10.0.0.12 s1a
flow s1 bond0 tagged 40
at 13508 silent e1 on
at 14042 release bond0 e0
