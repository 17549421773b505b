// The few loops of Trainscope that need C.
