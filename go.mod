module admitone

go 1.26
