"""`migrate audit`: what a conversion of many projects would come to, before anything is written."""
