use osteon_report::*;
fn main(){
  let days: Vec<f64> = (0..=49).map(f64::from).collect();
  let mk=|t:&str,u:&str,a:f64,b:f64,r:Option<(f64,f64)>,pts:Vec<Point>|{
    let vals: Vec<f64> = days.iter().map(|d| if *d<21.0 {b+(a-b)*(-d/6.0_f64).exp()} else {a-(a-b)*(-(d-21.0)/5.0_f64).exp()}).collect();
    Panel{title:t.into(),unit:u.into(),curves:vec![Curve{arm:0,days:days.clone(),values:vals.clone(),band:None},Curve{arm:1,days:days.clone(),values:vals.iter().map(|v| (v+a)/2.0).collect(),band:Some(Band{lower:vals.iter().map(|v| (v+a)/2.0*0.95).collect(),upper:vals.iter().map(|v| (v+a)/2.0*1.05).collect(),meaning:"5–95 % of 200 people".into()})}],points:pts,reference:r,remark:String::new()}};
  let p=|d:f64,v:f64,l:f64,h:f64,direct:bool|Point{arm:0,day:d,value:v,interval:Some((l,h)),direct};
  let two = std::env::args().nth(2).is_some();
  let mut f=Figure{title:"Three weeks on a very low magnesium diet, then repletion".into(),subtitle:"Man, 30 a, 75 kg, usual diet 320 mg/d Mg. Simulated (lines) and measured in 26 healthy adults (points).".into(),
   source:"Author A et al., J Something 1999. Osteon 0.1.0, body 0.1. Research and teaching, not medical advice.".into(),
   arms:vec!["depleted".into(),"control".into()],phases:vec![PhaseSpan{arm:0,from:0.0,until:21.0,label:"magnesium 12 mg/d".into()},PhaseSpan{arm:0,from:21.0,until:49.0,label:"magnesium citrate 300 mg once a day".into()}],
   days:(0.0,49.0),panels:vec![mk("Serum magnesium","mmol/L",0.8,0.61,Some((0.75,0.95)),vec![p(0.0,0.8,0.76,0.84,true),p(21.0,0.61,0.55,0.67,true)]),mk("Red-cell ionised magnesium","mmol/L",0.2,0.158,None,vec![p(21.0,0.158,0.14,0.17,false)]),mk("Urine magnesium, 24 h","mmol/d",4.0,0.4,Some((2.5,8.5)),vec![]),mk("Serum calcium","mmol/L",2.35,2.3,Some((2.15,2.55)),vec![]),mk("Serum PTH, intact","pg/mL",36.0,31.0,Some((15.0,65.0)),vec![]),mk("Serum 1,25-dihydroxyvitamin D","pmol/L",55.0,43.0,Some((48.0,190.0)),vec![])],description:"x".into()};
  if !two { f.arms.truncate(1); for p in &mut f.panels{p.curves.truncate(1);} }
  let s=draw(&f); let o=std::env::args().nth(1).unwrap();
  std::fs::write(&o,png(&s).unwrap()).unwrap(); std::fs::write(o+".svg",s.text).unwrap();
}
